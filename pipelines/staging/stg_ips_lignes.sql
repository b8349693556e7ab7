-- Grain : une ligne par ligne lue des fichiers d'IPS (collèges, lycées, écoles), avec son sort.
with
    fichiers as (select * from stg_fichier),
    echelle as (
        select
            max(valeur) filter (where nom = 'ips_min') as ips_min,
            max(valeur) filter (where nom = 'ips_max') as ips_max
        from ref_parametres
    ),

    colleges as (
        select 'ips_colleges' as source, fichier, ligne, rentree_scolaire, uai, ips as ips_lu
        from raw_ips_colleges
    ),

    lycees as (
        select
            'ips_lycees' as source,
            fichier,
            ligne,
            rentree_scolaire,
            uai,
            -- sans indice d'ensemble, celui de la seule voie ; de deux voies, aucune ne vaut
            -- l'autre
            coalesce(
                texte(ips_ensemble),
                case when texte(ips_voie_pro) is null then texte(ips_voie_gt) end,
                case when texte(ips_voie_gt) is null then texte(ips_voie_pro) end
            ) as ips_lu
        from raw_ips_lycees
    ),

    ecoles as (
        select
            'ips_ecoles' as source,
            fichier,
            ligne,
            rentree_scolaire,
            uai,
            ips as ips_lu,
            eleves_de_l_indice
        from raw_ips_ecoles
    ),

    reunies as (
        select *
        from colleges
        union all by name
        select *
        from lycees
        union all by name
        select *
        from ecoles
    ),

    nettoyees as (
        select
            source,
            fichier,
            ligne,
            uai_propre(uai) as uai,
            annee_rentree(rentree_scolaire) as rentree,
            case
                when nombre(ips_lu) between echelle.ips_min and echelle.ips_max then nombre(ips_lu)
            end as ips,
            nombre(ips_lu) is not null as est_un_nombre,
            -- la population de l'indice : elle le pondère, elle n'est pas un effectif
            case
                when entier(eleves_de_l_indice) >= 0 then entier(eleves_de_l_indice)
            end as nb_eleves_indice,
            eleves_de_l_indice,
            ips_lu,
            rentree_scolaire as rentree_lue,
            uai as valeur_lue
        from reunies
        cross join echelle
    ),

    classees as (
        select
            nettoyees.*,
            fichiers.rang_millesime,
            row_number() over (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang,
            first_value(nettoyees.fichier) over (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as fichier_retenu
        from nettoyees
        left join
            fichiers on nettoyees.source = fichiers.source and nettoyees.fichier = fichiers.fichier
    ),

    jugees as (
        select
            *,
            case
                when uai is null
                then 'uai_absent'
                when not est_uai(uai)
                then 'uai_illisible'
                when rentree is null
                then 'rentree_illisible'
                when rentree > year(current_date)
                then 'rentree_a_venir'
                when rang > 1 and fichier != fichier_retenu
                then 'remplacee_par_plus_recent'
                when rang > 1
                then 'uai_deux_lignes'
                when not cle_uai_juste(uai)
                then 'uai_cle_fausse'
                when ips is null and est_un_nombre
                then 'ips_impossible'
                when ips is null
                then 'ips_non_publie'
                when uai_a_perdu_un_zero(valeur_lue)
                then 'uai_zero_perdu'
                when nb_eleves_indice is null and texte(eleves_de_l_indice) is not null
                then 'eleves_de_l_indice_illisible'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (eleves_de_l_indice, est_un_nombre),
            case
                when not est_uai(uai) or rentree is null or rentree > year(current_date)
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                anomalie
                when 'ips_non_publie'
                then 'ips'
                when 'ips_impossible'
                then 'ips'
                when 'rentree_illisible'
                then 'rentree_scolaire'
                when 'rentree_a_venir'
                then 'rentree_scolaire'
                when 'eleves_de_l_indice_illisible'
                then 'eleves_de_l_indice'
                else 'uai'
            end as anomalie_colonne,
            case
                anomalie
                when 'ips_non_publie'
                then ips_lu
                when 'ips_impossible'
                then ips_lu
                when 'rentree_illisible'
                then rentree_lue
                when 'rentree_a_venir'
                then rentree_lue
                when 'eleves_de_l_indice_illisible'
                then eleves_de_l_indice
                else valeur_lue
            end as anomalie_valeur
        from jugees
    )

select *
from final
