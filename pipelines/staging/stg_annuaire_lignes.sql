-- Grain : une ligne par ligne lue d'un annuaire, avec son sort.
with
    lues as (select * from raw_annuaire),
    fichiers as (select * from stg_fichier where source = 'annuaire'),
    academies as (select * from ref_academies),
    effectif_max as (select valeur from ref_parametres where nom = 'effectif_max'),
    ecart_max as (select valeur from ref_parametres where nom = 'ecart_effectif_max'),
    ecart_min as (select valeur from ref_parametres where nom = 'ecart_effectif_min_eleves'),
    km_par_degre as (select valeur from ref_parametres where nom = 'km_par_degre'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            coalesce(texte(nom), texte(type_etablissement) || ' sans nom') as nom,
            texte(nom) is null as est_sans_nom,
            texte(type_etablissement) as type_annuaire,
            texte(statut_public_prive) as statut,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            departement_de(code_departement) as departement,
            texte(libelle_departement) as libelle_departement,
            texte(libelle_academie) as academie_lue,
            ecriture_academie(libelle_academie) as academie_ecrite,
            oui_non(ecole_maternelle) as est_maternelle,
            oui_non(ecole_elementaire) as est_elementaire,
            oui_non(voie_professionnelle) as voie_professionnelle,
            oui_non(hebergement) as internat,
            oui_non(ulis) as ulis,
            oui_non(segpa) as segpa,
            replace(upper(texte(education_prioritaire)), ' ', '') as ep_lue,
            case
                when entier(nombre_d_eleves) between 0 and effectif_max.valeur
                then entier(nombre_d_eleves)
            end as effectif,
            latitude_de(latitude, longitude) as latitude,
            longitude_de(latitude, longitude) as longitude,
            lower(texte(precision_localisation)) as precision_localisation,
            jour_de(date_maj_ligne) as date_maj,
            jour_de(date_ouverture) as date_ouverture,
            sans_accents(etat) as etat,
            sans_accents(ministere_tutelle) as ministere,
            texte(code_nature) as code_nature,
            texte(libelle_nature) as libelle_nature,
            uai_propre(etablissement_mere) as uai_mere,
            texte(code_bassin) as bassin_code,
            texte(libelle_bassin) as bassin,
            uai as valeur_lue
        from lues
        cross join effectif_max
    ),

    nommees as (
        select
            nettoyees.* exclude (academie_lue, academie_ecrite, ep_lue),
            case when nettoyees.ep_lue in ('REP', 'REP+') then nettoyees.ep_lue end as ep,
            case
                when nettoyees.ep_lue not in ('REP', 'REP+', 'HORSEP', 'NON', '0')
                then nettoyees.ep_lue
            end as label_inconnu,
            coalesce(academies.academie, des_regions.academie, nettoyees.academie_lue) as academie,
            case
                when academies.academie is null and des_regions.academie is null
                then nettoyees.academie_lue
            end as academie_inconnue,
            fichiers.rang_millesime
        from nettoyees
        left join academies on nettoyees.academie_ecrite = academies.ecriture
        -- une région a plusieurs académies : celle du département de la ligne
        left join
            academies as des_regions
            on nettoyees.academie_ecrite || ' ' || nettoyees.departement = des_regions.ecriture
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    -- chaque département est celui de l'annuaire le plus récent qui le porte
    datees as (
        select *, min(rang_millesime) over (partition by departement) as rang_le_plus_recent
        from nommees
    ),

    classees as (
        select
            *,
            departement is not null
            and rang_millesime > rang_le_plus_recent as est_absent_du_plus_recent,
            -- l'annuaire le plus récent d'abord ; dans un même annuaire la ligne mise à jour en
            -- dernier, puis le collège
            row_number() over (
                partition by uai
                order by
                    rang_millesime,
                    date_maj desc nulls last,
                    type_annuaire = 'Collège' desc,
                    fichier,
                    ligne
            ) as rang,
            count(distinct commune_code) over (partition by uai) as nb_communes,
            count(distinct fichier) over (partition by uai) as nb_fichiers
        from datees
    ),

    -- la ligne retenue de chaque UAI, où qu'elle soit
    retenues as (
        select uai, fichier, latitude, longitude, statut, etat, effectif
        from classees
        where rang = 1 and est_uai(uai)
    ),

    -- ce que deux lignes d'un même annuaire disent de contraire d'un même établissement
    comparees as (
        select
            classees.*,
            retenues.fichier as fichier_retenu,
            retenues.latitude as latitude_retenue,
            retenues.longitude as longitude_retenue,
            case
                when classees.rang = 1 or classees.fichier != retenues.fichier
                then null
                when sans_accents(classees.statut) != sans_accents(retenues.statut)
                then 'statut_public_prive'
                when classees.etat != retenues.etat
                then 'etat'
                when
                    abs(classees.effectif - retenues.effectif)
                    > ecart_max.valeur * retenues.effectif
                    and abs(classees.effectif - retenues.effectif) >= ecart_min.valeur
                then 'nombre_d_eleves'
            end as desaccord,
            case
                desaccord
                when 'statut_public_prive'
                then classees.statut || ', retenu ' || retenues.statut
                when 'etat'
                then classees.etat || ', retenu ' || retenues.etat
                when 'nombre_d_eleves'
                then classees.effectif || ', retenu ' || retenues.effectif
            end as desaccord_dit
        from classees
        left join retenues on classees.uai = retenues.uai
        cross join ecart_max
        cross join ecart_min
    ),

    jugees as (
        select
            comparees.*,
            'annuaire' as source,
            case
                when not est_uai(comparees.uai)
                then 'rejetee'
                when comparees.rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when comparees.uai is null
                then 'uai_absent'
                when not est_uai(comparees.uai)
                then 'uai_illisible'
                when comparees.rang > 1 and comparees.fichier_retenu != comparees.fichier
                then 'uai_dans_deux_annuaires'
                when comparees.rang > 1 and comparees.nb_communes > 1
                then 'uai_deux_communes'
                when comparees.desaccord is not null
                then 'uai_lignes_contraires'
                when comparees.rang > 1
                then 'uai_deux_lignes'
                -- d'abord ce qui met la ligne hors de tout département : une autre ne le cache pas
                when comparees.departement is null
                then 'departement_absent'
                when not cle_uai_juste(comparees.uai)
                then 'uai_cle_fausse'
                when uai_a_perdu_un_zero(comparees.valeur_lue)
                then 'uai_zero_perdu'
                when comparees.valeur_lue != upper(comparees.valeur_lue)
                then 'uai_minuscules'
            end as anomalie,
            case
                when comparees.rang > 1
                then
                    distance_km(
                        comparees.latitude,
                        comparees.longitude,
                        comparees.latitude_retenue,
                        comparees.longitude_retenue,
                        km_par_degre.valeur
                    )
            end as deplacement_km
        from comparees
        cross join km_par_degre
    ),

    final as (
        select
            * exclude (
                desaccord, desaccord_dit, fichier_retenu, latitude_retenue, longitude_retenue
            ),
            case
                anomalie
                when 'departement_absent'
                then 'code_departement'
                when 'uai_lignes_contraires'
                then desaccord
                else 'uai'
            end as anomalie_colonne,
            case
                when anomalie = 'uai_lignes_contraires'
                then uai || ' ' || nom || ', ' || desaccord_dit
                else coalesce(texte(valeur_lue), nom)
            end as anomalie_valeur
        from jugees
    )

select *
from final
