-- Grain : une ligne par ligne lue des fichiers d'IPS (collèges, lycées, écoles), avec son sort.
with
    fichiers as (select * from stg_fichier),
    echelle as (
        select
            max(valeur) filter (where nom = 'ips_min') as ips_min,
            max(valeur) filter (where nom = 'ips_max') as ips_max
        from ref_parametres
    ),
    ecart_max as (select valeur from ref_parametres where nom = 'ecart_ips_max'),

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
            row_number() over rangs as rang,
            first_value(nettoyees.fichier) over rangs as fichier_retenu,
            first_value(fichiers.rang_millesime) over rangs as millesime_retenu,
            first_value(nettoyees.ips) over rangs as ips_retenu
        from nettoyees
        left join
            fichiers on nettoyees.source = fichiers.source and nettoyees.fichier = fichiers.fichier
        window
            -- de deux lignes, celle qui donne la valeur, puis celle du fichier le plus récent
            rangs as (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by
                    nettoyees.ips is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            )
    ),

    -- d'un fichier à l'autre une révision est ordinaire ; dans un même fichier, tout indice
    -- autre en contredit un
    comparees as (
        select
            classees.*,
            not est_uai(uai) or rentree is null or rentree > year(current_date) as est_perdue,
            ips is null
            and row(rang_millesime, fichier) < row(millesime_retenu, fichier_retenu) as est_reprise,
            ips != ips_retenu
            and (
                fichier = fichier_retenu or abs(ips - ips_retenu) >= ecart_max.valeur
            ) as est_contraire
        from classees
        cross join ecart_max
    ),

    jugees as (
        select
            *,
            case
                when not est_perdue and rang > 1
                then motif_de_fusion(est_reprise, est_contraire, fichier != fichier_retenu)
            end as motif_fusion,
            motif_uai(uai, valeur_lue) as motif_uai,
            motif_rentree(rentree) as motif_rentree,
            case
                when ips is null and est_un_nombre
                then 'ips_impossible'
                when ips is null
                then 'ips_non_publie'
            end as motif_ips,
            case
                when nb_eleves_indice is null and texte(eleves_de_l_indice) is not null
                then 'eleves_de_l_indice_illisible'
            end as motif_eleves
        from comparees
    ),

    final as (
        select
            source,
            fichier,
            ligne,
            uai,
            rentree,
            ips,
            nb_eleves_indice,
            rang_millesime,
            sort_de(est_perdue, rang) as sort,
            case
                when motif_fusion = 'valeur_reprise'
                then
                    [
                        cellule(
                            'ips',
                            retenu(
                                a_la_rentree(uai, rentree), decimale(ips_retenu), fichier_retenu
                            ),
                            motif_fusion
                        )
                    ]
                when motif_fusion = 'lignes_contraires'
                then
                    [
                        cellule(
                            'ips',
                            contraires(
                                a_la_rentree(uai, rentree),
                                decimale(ips),
                                decimale(ips_retenu),
                                fichier_retenu
                            ),
                            motif_fusion
                        )
                    ]
                when motif_fusion is not null
                then [cellule('uai', valeur_lue, motif_fusion)]
                when coalesce(motif_uai, motif_rentree, motif_ips, motif_eleves) is not null
                then
                    a_redire(
                        [
                            cellule('uai', valeur_lue, motif_uai),
                            cellule('rentree_scolaire', rentree_lue, motif_rentree),
                            cellule('ips', ips_lu, motif_ips),
                            cellule('eleves_de_l_indice', eleves_de_l_indice, motif_eleves)
                        ]
                    )
            end as anomalies
        from jugees
    )

select *
from final
