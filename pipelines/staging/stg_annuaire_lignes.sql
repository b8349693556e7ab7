-- Grain : une ligne par ligne lue d'un annuaire, avec son sort.
with
    lues as (select * from raw_annuaire),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            coalesce(texte(nom), texte(type_etablissement) || ' sans nom') as nom,
            texte(type_etablissement) as type_annuaire,
            texte(statut_public_prive) as statut,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            departement_de(code_departement) as departement,
            texte(libelle_departement) as libelle_departement,
            texte(libelle_academie) as academie,
            oui_non(ecole_maternelle) as est_maternelle,
            oui_non(ecole_elementaire) as est_elementaire,
            oui_non(hebergement) as internat,
            oui_non(ulis) as ulis,
            oui_non(segpa) as segpa,
            upper(texte(education_prioritaire)) as ep,
            entier(nombre_d_eleves) as effectif,
            nombre(latitude) as latitude,
            nombre(longitude) as longitude,
            lower(texte(precision_localisation)) as precision_localisation,
            jour_de(date_maj_ligne) as date_maj,
            sans_accents(etat) as etat,
            sans_accents(ministere_tutelle) as ministere,
            texte(code_nature) as code_nature,
            texte(libelle_nature) as libelle_nature,
            uai_propre(etablissement_mere) as uai_mere,
            texte(code_bassin) as bassin_code,
            texte(libelle_bassin) as bassin,
            uai as valeur_lue
        from lues
    ),

    classees as (
        select
            *,
            -- la ligne la plus récente d'abord ; à date égale, le collège avant le lycée
            row_number() over (
                partition by uai
                order by date_maj desc nulls last, type_annuaire = 'Collège' desc, fichier, ligne
            ) as rang,
            count(distinct commune_code) over (partition by uai) as nb_communes,
            count(distinct fichier) over (partition by uai) as nb_fichiers
        from nettoyees
    ),

    final as (
        select
            *,
            'annuaire' as source,
            case
                when not est_uai(uai) then 'rejetee' when rang > 1 then 'fusionnee' else 'gardee'
            end as sort,
            case
                when not est_uai(uai)
                then 'uai_illisible'
                when rang > 1 and nb_fichiers > 1
                then 'uai_dans_deux_annuaires'
                when rang > 1 and nb_communes > 1
                then 'uai_deux_communes'
                when rang > 1
                then 'uai_deux_lignes'
                when not cle_uai_juste(uai)
                then 'uai_cle_fausse'
            end as anomalie,
            'uai' as anomalie_colonne,
            valeur_lue as anomalie_valeur
        from classees
    )

select *
from final
